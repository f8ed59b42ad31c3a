// What people do with OpenAI's own JavaScript client, against a gateway. Prints what came of it.
//
// node client.mjs WHERE_IT_IS_INSTALLED '{"url": …, "key": …, "write": …}'

import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const [installed, place] = process.argv.slice(2);
const require = createRequire(`${installed}/package.json`);
const { default: OpenAI } = await import(pathToFileURL(require.resolve("openai")));
const { url, key, write } = JSON.parse(place);

const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: key, maxRetries: 0 });
const user = (content) => [{ role: "user", content }];
const tools = [
  { type: "function", function: { name: "f", description: "d", parameters: { type: "object", properties: {} } } },
];
const report = {};

const refused = async (promise) => {
  try {
    await promise;
    return "nothing";
  } catch (error) {
    return [error.constructor.name, error.status ?? null, error.code ?? null, error.param ?? null];
  }
};

report.models = (await client.models.list()).data.map((model) => model.object);

const chat = await client.chat.completions.create({ model: "countersign", messages: user("hello"), tools });
report.chat = [chat.object, chat.choices[0].message.content, chat.choices[0].finish_reason];
report.chatUsage = chat.usage.total_tokens >= 0;

const chunks = await client.chat.completions.create({
  model: "countersign",
  messages: user("stream 3"),
  stream: true,
  stream_options: { include_usage: true },
});
let text = "";
let usage = null;
let ends = [];
for await (const chunk of chunks) {
  text += chunk.choices[0]?.delta.content ?? "";
  if (chunk.choices[0]?.finish_reason) ends.push(chunk.choices[0].finish_reason);
  usage = chunk.usage ?? usage;
}
report.chatStream = [text.includes("1") && text.includes("3"), ends, usage !== null];

const waiting = await client.chat.completions.create({ model: "countersign", messages: user(write), stream: true });
text = "";
for await (const chunk of waiting) text += chunk.choices[0].delta.content ?? "";
report.approved = text.includes("write_file");

const response = await client.responses.create({ model: "countersign", input: "hello", tools: [] });
report.response = [response.status, response.output_text];
const next = await client.responses.create({
  model: "countersign",
  input: "again",
  previous_response_id: response.id,
});
report.next = [next.output_text, next.previous_response_id === response.id];
report.read = (await client.responses.retrieve(response.id)).output_text;

const stream = client.responses.stream({ model: "countersign", input: "stream 3" });
const seen = new Set();
for await (const event of stream) seen.add(event.type);
const final = await stream.finalResponse();
report.responseStream = [
  seen.has("response.created") && seen.has("response.output_text.delta"),
  final.status,
  final.output_text.includes("3"),
];

await client.responses.delete(response.id);
report.deleted = await refused(client.responses.retrieve(response.id));
report.noModel = await refused(client.chat.completions.create({ model: "gpt-9", messages: user("x") }));
report.noMessages = await refused(client.chat.completions.create({ model: "countersign", messages: [] }));
report.noKey = await refused(
  new OpenAI({ baseURL: `${url}/v1`, apiKey: "wrong-wrong-wrong-wrong", maxRetries: 0 }).models.list(),
);
const patient = new OpenAI({ baseURL: `${url}/v1`, apiKey: key });
report.failed = await refused(patient.chat.completions.create({ model: "countersign", messages: user("fail 401") }));
report.failedStream = await refused(
  (async () => {
    const broken = await patient.chat.completions.create({
      model: "countersign",
      messages: user("fail 401"),
      stream: true,
    });
    for await (const _ of broken);
  })(),
);
console.log(JSON.stringify(report));
