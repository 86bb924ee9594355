// Reads a JSON list of AsyncAPI documents from stdin, prints the parser's diagnostics of each. Nothing is fetched.
import { Parser } from "@asyncapi/parser";

const chunks = [];
for await (const chunk of process.stdin) chunks.push(chunk);
const answers = [];
for (const text of JSON.parse(Buffer.concat(chunks).toString())) {
  const { document, diagnostics } = await new Parser().parse(text);
  const found = diagnostics.map(({ code, message, path, severity }) => ({ code, message, path, severity }));
  answers.push({ channels: document?.channels().all().map((one) => one.address()) ?? null, found });
}
console.log(JSON.stringify(answers));
