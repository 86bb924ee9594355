// Reads a JSON list of AsyncAPI documents from stdin, prints of each what the parser has against it, and which examples
// do not fit their schema: the parser itself does not compare them. Nothing is fetched.
import { Parser } from "@asyncapi/parser";
import Ajv from "ajv";
import formats from "ajv-formats";

const ajv = new Ajv({ allErrors: true, strict: true, allowUnionTypes: true });
formats(ajv);

function unfit(message) {
  const fits = ajv.compile(message.payload);
  return message.examples.filter((example) => !fits(example.payload)).map(() => message.name);
}

const chunks = [];
for await (const chunk of process.stdin) chunks.push(chunk);
const answers = [];
for (const text of JSON.parse(Buffer.concat(chunks).toString())) {
  const { document, diagnostics } = await new Parser().parse(text);
  const found = diagnostics.map(({ code, message, path, severity }) => ({ code, message, path, severity }));
  const channels = document?.channels().all().map((one) => one.address()) ?? null;
  const examples = Object.values(JSON.parse(text).components.messages).flatMap(unfit);
  answers.push({ channels, found, examples });
}
console.log(JSON.stringify(answers));
