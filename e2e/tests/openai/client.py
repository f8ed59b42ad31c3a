"""What people do with OpenAI's own Python client, against a gateway. Prints what came of it.

python client.py '{"url": …, "key": …, "write": …}'
"""

import json
import sys

import openai

place = json.loads(sys.argv[1])
base = place["url"] + "/v1"
client = openai.OpenAI(base_url=base, api_key=place["key"], max_retries=0)
report = {}


def user(text):
    return [{"role": "user", "content": text}]


def refused(call):
    try:
        call()
    except openai.APIError as error:
        status = getattr(error, "status_code", None)
        return [type(error).__name__, status, error.code, error.param]
    return "nothing"


tools = [{"type": "function", "function": {"name": "f", "parameters": {"type": "object", "properties": {}}}}]

report["models"] = [model.object for model in client.models.list()]

chat = client.chat.completions.create(model="countersign", messages=user("hello"), tools=tools)
report["chat"] = [chat.object, chat.choices[0].message.content, chat.choices[0].finish_reason]
report["chatUsage"] = chat.usage.total_tokens >= 0

text, ends, usage = "", [], None
for chunk in client.chat.completions.create(
    model="countersign", messages=user("stream 3"), stream=True, stream_options={"include_usage": True}
):
    for choice in chunk.choices:
        text += choice.delta.content or ""
        ends += [choice.finish_reason] if choice.finish_reason else []
    usage = chunk.usage or usage
report["chatStream"] = ["1" in text and "3" in text, ends, usage is not None]

text = ""
for chunk in client.chat.completions.create(model="countersign", messages=user(place["write"]), stream=True):
    text += chunk.choices[0].delta.content or ""
report["approved"] = "write_file" in text

response = client.responses.create(model="countersign", input="hello", tools=[])
report["response"] = [response.status, response.output_text]
following = client.responses.create(model="countersign", input="again", previous_response_id=response.id)
report["next"] = [following.output_text, following.previous_response_id == response.id]
report["read"] = client.responses.retrieve(response.id).output_text

with client.responses.stream(model="countersign", input="stream 3") as stream:
    seen = {event.type for event in stream}
    final = stream.get_final_response()
report["responseStream"] = [
    {"response.created", "response.output_text.delta"} <= seen,
    final.status,
    "3" in final.output_text,
]

client.responses.delete(response.id)
report["deleted"] = refused(lambda: client.responses.retrieve(response.id))
report["noModel"] = refused(lambda: client.chat.completions.create(model="gpt-9", messages=user("x")))
report["noMessages"] = refused(lambda: client.chat.completions.create(model="countersign", messages=[]))
stranger = openai.OpenAI(base_url=base, api_key="wrong-wrong-wrong-wrong", max_retries=0)
report["noKey"] = refused(lambda: list(stranger.models.list()))
patient = openai.OpenAI(base_url=base, api_key=place["key"])
report["failed"] = refused(
    lambda: patient.chat.completions.create(model="countersign", messages=user("fail 401"))
)
report["failedStream"] = refused(
    lambda: list(
        patient.chat.completions.create(model="countersign", messages=user("fail 401"), stream=True)
    )
)
print(json.dumps(report))
