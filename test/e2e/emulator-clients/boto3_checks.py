"""Drives an emulator with boto3 and prints the results as one JSON object. Takes names of checks as arguments."""

import json
import sys

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError, EventStreamError

CLAUDE = "us.anthropic.claude-sonnet-4-5-20250929-v1:0"
CLAUDE_BASE = "anthropic.claude-sonnet-4-5-20250929-v1:0"
MESSAGES = [{"role": "user", "content": [{"text": "Hello there"}]}]


def runtime(**config):
    return boto3.client("bedrock-runtime", config=Config(**config))


def failure(call):
    try:
        call()
    except ClientError as error:
        response = error.response
        return {
            "code": response["Error"]["Code"],
            "message": response["Error"]["Message"],
            "status": response["ResponseMetadata"]["HTTPStatusCode"],
            "retries": response["ResponseMetadata"].get("RetryAttempts"),
            "requestId": response["ResponseMetadata"].get("RequestId"),
        }
    return None


def converse():
    answer = runtime().converse(
        modelId=CLAUDE,
        messages=MESSAGES,
        inferenceConfig={"maxTokens": 50},
        requestMetadata={"outputTokens": "9"},
    )
    answer["requestId"] = answer.pop("ResponseMetadata")["RequestId"]
    return answer


def stream():
    answer = runtime().converse_stream(modelId=CLAUDE, messages=MESSAGES, inferenceConfig={"maxTokens": 4})
    return [next(iter(event)) for event in answer["stream"]]


def invoke():
    body = json.dumps(
        {"anthropic_version": "bedrock-2023-05-31", "max_tokens": 6, "messages": [{"role": "user", "content": "Hi"}]}
    )
    answer = runtime().invoke_model(modelId=CLAUDE, body=body)
    whole = json.loads(answer["body"].read())
    headers = answer["ResponseMetadata"]["HTTPHeaders"]
    streamed = runtime().invoke_model_with_response_stream(modelId=CLAUDE, body=body)
    chunks = [json.loads(event["chunk"]["bytes"]) for event in streamed["body"]]
    return {
        "whole": whole,
        "outputHeader": headers.get("x-amzn-bedrock-output-token-count"),
        "types": [chunk["type"] for chunk in chunks],
        "metrics": chunks[-1]["amazon-bedrock-invocationMetrics"],
    }


def count():
    return runtime().count_tokens(modelId=CLAUDE_BASE, input={"converse": {"messages": MESSAGES}})["inputTokens"]


def invalid():
    client = runtime()
    return [
        failure(lambda: client.converse(modelId=CLAUDE_BASE, messages=MESSAGES)),
        failure(lambda: client.converse(modelId=CLAUDE, messages=[])),
        failure(lambda: client.converse(modelId="nobody.model", messages=MESSAGES)),
    ]


def throttled():
    call = dict(modelId=CLAUDE, messages=MESSAGES)
    return {
        "standard": failure(lambda: runtime(retries={"mode": "standard"}).converse(**call)),
        "none": failure(lambda: runtime(retries={"mode": "standard", "total_max_attempts": 1}).converse(**call)),
    }


def midstream():
    events = []
    try:
        for event in runtime().converse_stream(modelId=CLAUDE, messages=MESSAGES)["stream"]:
            events.append(next(iter(event)))
    except EventStreamError as error:
        return {"code": error.response["Error"]["Code"], "events": events}
    return None


def profiles():
    control = boto3.client("bedrock")
    summaries = control.list_inference_profiles()["inferenceProfileSummaries"]
    source = next(item for item in summaries if item["inferenceProfileId"] == CLAUDE)
    arn = control.create_inference_profile(
        inferenceProfileName="team", modelSource={"copyFrom": source["inferenceProfileArn"]}
    )["inferenceProfileArn"]
    answer = runtime().converse(modelId=arn, messages=MESSAGES)
    control.delete_inference_profile(inferenceProfileIdentifier=arn)
    gone = failure(lambda: control.get_inference_profile(inferenceProfileIdentifier=arn))
    return {"stopReason": answer["stopReason"], "gone": gone["code"]}


def refused():
    return failure(lambda: runtime().converse(modelId=CLAUDE, messages=MESSAGES))


CHECKS = [converse, stream, invoke, count, invalid, throttled, midstream, profiles, refused]
print(json.dumps({check.__name__: check() for check in CHECKS if check.__name__ in sys.argv[1:]}, default=str))
