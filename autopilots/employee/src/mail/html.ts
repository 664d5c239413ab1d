// Plain text of a mail's HTML, by postal-mime, which has no function for it that one can call: the HTML goes through it
// as a part of a message that has a text part too. What stands in a <blockquote> gets the `>` of quoted text.
import PostalMime from "postal-mime";

const [QUOTE, END] = ["\uE000", "\uE001"];
const BOUNDARY = "html-as-text-3f1c9b";

export async function textOfHtml(html: string): Promise<string> {
  const marked = html
    .replaceAll(/[\uE000\uE001]/g, "")
    .replaceAll(/<blockquote\b[^<>]{0,1000}>/gi, `<p>${QUOTE}</p>`)
    .replaceAll(/<\/blockquote\s{0,10}>/gi, `<p>${END}</p>`)
    .replaceAll(BOUNDARY, "");
  const part = (type: string, body: string) =>
    `--${BOUNDARY}\r\nContent-Type: ${type}; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n${body}\r\n`;
  const message =
    `Content-Type: multipart/mixed; boundary="${BOUNDARY}"\r\n\r\n` +
    `${part("text/plain", "")}${part("text/html", marked)}--${BOUNDARY}--\r\n`;
  const { text = "" } = await PostalMime.parse(message);
  let depth = 0;
  const lines: string[] = [];
  for (const line of text.trim().split("\n")) {
    const quoted = depth > 0 || line.includes(QUOTE);
    depth = Math.max(0, depth + count(line, QUOTE) - count(line, END));
    const plain = line.replaceAll(/[\uE000\uE001]/g, "").trimEnd();
    if (plain !== "" || plain === line) lines.push(quoted ? `> ${plain}` : plain);
  }
  return lines.join("\n").replaceAll(/\n{3,}/g, "\n\n");
}

function count(line: string, mark: string): number {
  return line.split(mark).length - 1;
}
