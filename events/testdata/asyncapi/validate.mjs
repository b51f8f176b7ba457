// Reads an AsyncAPI document from standard input and prints what the parser has
// against it, a line each; exits with 1 if that is an error.
import { readFileSync } from "node:fs";
import parser from "@asyncapi/parser";

const { document, diagnostics } = await new parser.Parser().parse(readFileSync(0, "utf8"));
for (const d of diagnostics) {
  console.log(`${["error", "warning", "information", "hint"][d.severity]} line ${d.range.start.line + 1}: ${d.message}`);
}
if (document === undefined || diagnostics.some((d) => d.severity === 0)) process.exit(1);
console.log(`valid: ${document.allMessages().length} messages in ${document.allChannels().length} channels`);
