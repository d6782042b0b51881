"""Drives an emulator with OpenAI's client and prints the results as one JSON object."""

import json
import os
import sys

import openai

MODEL = "openai.gpt-oss-120b-1:0"
MESSAGES = [{"role": "user", "content": "Hello there"}]
SCHEMA = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "days": {"type": "integer", "minimum": 1}},
    "required": ["city", "days"],
    "additionalProperties": False,
}
client = openai.OpenAI(max_retries=0, base_url=os.environ["OPENAI_BASE_URL"], api_key=os.environ["OPENAI_API_KEY"])


def chat():
    answer = client.chat.completions.create(model=MODEL, messages=MESSAGES, max_tokens=5)
    return {"usage": answer.usage.completion_tokens, "finish": answer.choices[0].finish_reason}


def chat_stream():
    parts = client.chat.completions.create(
        model=MODEL, messages=MESSAGES, max_tokens=5, stream=True, stream_options={"include_usage": True}
    )
    parts = list(parts)
    text = "".join(part.choices[0].delta.content or "" for part in parts if part.choices)
    return {"text": text, "usage": parts[-1].usage.completion_tokens}


def tool():
    tools = [{"type": "function", "function": {"name": "weather", "parameters": SCHEMA}}]
    answer = client.chat.completions.create(model=MODEL, messages=MESSAGES, tools=tools, tool_choice="required")
    return json.loads(answer.choices[0].message.tool_calls[0].function.arguments)


def responses():
    answer = client.responses.create(model=MODEL, input="Hello there", max_output_tokens=5)
    return {"text": answer.output_text, "status": answer.status, "usage": answer.usage.output_tokens}


def responses_stream():
    events = list(client.responses.create(model=MODEL, input="Hello there", max_output_tokens=5, stream=True))
    return [event.type for event in events]


def structured():
    text = {"format": {"type": "json_schema", "name": "trip", "schema": SCHEMA, "strict": True}}
    return json.loads(client.responses.create(model=MODEL, input="Where to?", text=text).output_text)


def errors():
    seen = []
    for call in [
        lambda: client.chat.completions.create(model="gpt-9", messages=MESSAGES),
        lambda: client.chat.completions.create(model=MODEL, messages=[]),
        lambda: client.with_options(api_key="wrong").models.list(),
    ]:
        try:
            call()
        except openai.APIStatusError as error:
            seen.append([type(error).__name__, error.status_code])
    return seen


def throttled():
    try:
        client.responses.create(model=MODEL, input="Hello there")
    except openai.RateLimitError as error:
        return error.status_code
    return None


def models():
    return any(model.id == MODEL for model in client.models.list())


CHECKS = [chat, chat_stream, tool, responses, responses_stream, structured, errors, throttled, models]
print(json.dumps({check.__name__: check() for check in CHECKS if check.__name__ in sys.argv[1:]}))
