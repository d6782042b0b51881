"""Meets a real quota of one call a minute with boto3 or LiteLLM, and prints the results as one JSON object."""

import json
import os
import sys

MODEL = os.environ["TEST_MODEL"]


def boto3_checks():
    import boto3
    from botocore.config import Config
    from botocore.exceptions import ClientError

    messages = [{"role": "user", "content": [{"text": "Hello"}]}]
    client = boto3.client("bedrock-runtime", config=Config(retries={"mode": "standard"}))
    first = client.converse(modelId=MODEL, messages=messages)
    try:
        client.converse(modelId=MODEL, messages=messages)
    except ClientError as error:
        response = error.response
        return {
            "served": first["stopReason"],
            "code": response["Error"]["Code"],
            "message": response["Error"]["Message"],
            "status": response["ResponseMetadata"]["HTTPStatusCode"],
            "retries": response["ResponseMetadata"]["RetryAttempts"],
        }
    return None


def litellm_checks():
    import litellm

    litellm.suppress_debug_info = True
    messages = [{"role": "user", "content": "Hello"}]
    first = litellm.completion(model=f"bedrock/{MODEL}", messages=messages)
    try:
        litellm.completion(model=f"bedrock/{MODEL}", messages=messages)
    except litellm.exceptions.RateLimitError as error:
        return {"served": first.choices[0].finish_reason, "status": error.status_code, "message": str(error)}
    return None


print(json.dumps({"boto3": boto3_checks, "litellm": litellm_checks}[sys.argv[1]]()))
