"""Drives an emulator with LiteLLM and prints the results as one JSON object."""

import json
import sys

import litellm

# Otherwise its advice goes to standard output, between our lines.
litellm.suppress_debug_info = True

MODEL = "us.anthropic.claude-sonnet-4-5-20250929-v1:0"
MESSAGES = [{"role": "user", "content": "Hello there"}]


def completion():
    answer = litellm.completion(model=f"bedrock/{MODEL}", messages=MESSAGES, max_tokens=5)
    return {"usage": answer.usage.completion_tokens, "finish": answer.choices[0].finish_reason}


def stream():
    parts = litellm.completion(model=f"bedrock/{MODEL}", messages=MESSAGES, max_tokens=5, stream=True)
    return "".join(part.choices[0].delta.content or "" for part in parts)


def invoke():
    answer = litellm.completion(model=f"bedrock/invoke/{MODEL}", messages=MESSAGES, max_tokens=5)
    return {"usage": answer.usage.completion_tokens, "finish": answer.choices[0].finish_reason}


def throttled():
    try:
        litellm.completion(model=f"bedrock/{MODEL}", messages=MESSAGES)
    except litellm.exceptions.RateLimitError as error:
        return error.status_code
    return None


CHECKS = [completion, stream, invoke, throttled]
print(json.dumps({check.__name__: check() for check in CHECKS if check.__name__ in sys.argv[1:]}))
