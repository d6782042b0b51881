"""Drives an emulator with Anthropic's clients and two agent frameworks; prints the results as one JSON object."""

import json
import os
import sys

import anthropic
import boto3
from pydantic import BaseModel, Field

MODEL = "us.anthropic.claude-sonnet-4-5-20250929-v1:0"
MESSAGES = [{"role": "user", "content": "Hello there"}]
URL = os.environ["EMULATOR_URL"]
KEYS = {"aws_access_key": os.environ["AWS_ACCESS_KEY_ID"], "aws_secret_key": os.environ["AWS_SECRET_ACCESS_KEY"]}


class Trip(BaseModel):
    city: str = Field(min_length=2)
    days: int = Field(ge=1, le=30)
    kind: str = Field(pattern="^(rail|road)$")


def bedrock_client():
    return anthropic.AnthropicBedrock(base_url=URL, aws_region="us-east-1", max_retries=0, **KEYS)


def own_client():
    return anthropic.Anthropic(base_url=f"{URL}/anthropic", api_key=os.environ["API_KEY"], max_retries=0)


def ask(client, model):
    whole = client.messages.create(model=model, max_tokens=5, messages=MESSAGES)
    with client.messages.stream(model=model, max_tokens=5, messages=MESSAGES) as stream:
        text = "".join(stream.text_stream)
    thinking = client.messages.create(
        model=model, max_tokens=2000, messages=MESSAGES, thinking={"type": "enabled", "budget_tokens": 1024}
    )
    tools = [{"name": "trip", "input_schema": Trip.model_json_schema()}]
    call = client.messages.create(
        model=model, max_tokens=500, messages=MESSAGES, tools=tools, tool_choice={"type": "tool", "name": "trip"}
    )
    Trip.model_validate(call.content[0].input)
    return {
        "text": whole.content[0].text,
        "streamed": text,
        "stop": whole.stop_reason,
        "thinking": [block.type for block in thinking.content],
        "tool": call.stop_reason,
    }


def anthropic_bedrock():
    return ask(bedrock_client(), MODEL)


def anthropic_own():
    return ask(own_client(), "anthropic.claude-sonnet-4-5-20250929-v1:0")


def anthropic_errors():
    seen = []
    for call in [
        lambda: bedrock_client().messages.create(
            model=MODEL, max_tokens=5, messages=MESSAGES, extra_body={"temperature": 1.5}
        ),
        lambda: own_client().messages.create(model=MODEL, max_tokens=5, messages=MESSAGES, extra_body={"foo": 1}),
        lambda: own_client().messages.create(model="claude-9", max_tokens=5, messages=MESSAGES),
    ]:
        try:
            call()
        except anthropic.APIStatusError as error:
            seen.append([type(error).__name__, error.status_code])
    return seen


def count():
    return own_client().messages.count_tokens(model=MODEL, messages=MESSAGES).input_tokens


def langchain():
    from langchain_aws import ChatBedrockConverse

    model = ChatBedrockConverse(model=MODEL, client=boto3.client("bedrock-runtime", endpoint_url=URL), max_tokens=500)
    answer = model.invoke("Hello there")
    streamed = "".join(str(part.text) for part in model.stream("Hello there"))
    trip = model.with_structured_output(Trip).invoke("Where to?")
    return {"usage": answer.usage_metadata["output_tokens"], "streamed": len(streamed), "trip": trip.kind in ("rail", "road")}


def pydantic_ai():
    from pydantic_ai import Agent
    from pydantic_ai.models.bedrock import BedrockConverseModel
    from pydantic_ai.providers.bedrock import BedrockProvider

    provider = BedrockProvider(bedrock_client=boto3.client("bedrock-runtime", endpoint_url=URL))
    model = BedrockConverseModel(MODEL, provider=provider)
    text = Agent(model).run_sync("Hello there")
    trip = Agent(model, output_type=Trip).run_sync("Where to?").output
    return {"usage": text.usage.output_tokens, "trip": trip.kind in ("rail", "road")}


CHECKS = [anthropic_bedrock, anthropic_own, anthropic_errors, count, langchain, pydantic_ai]
print(json.dumps({check.__name__: check() for check in CHECKS if check.__name__ in sys.argv[1:]}))
