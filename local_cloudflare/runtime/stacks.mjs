// Stacks of minified modules, as the sources have them: places by the source map that came with the upload, and names.
import { readFileSync } from "node:fs";
import { SourceMap } from "node:module";

const FRAME =
  /^(?<at> *at )(?:(?<prefix>async |new )?(?<name>[^ ()]+) \()?file:\/\/\/(?<file>[^ ()]+):(?<line>\d+):(?<column>\d+)\)?$/;

/** `files`: {code, map} by module, paths. What has no map stays as it is. */
export class Stacks {
  #files;
  #read = new Map();

  constructor(files) {
    this.#files = files;
  }

  translate(stack) {
    return stack
      .split("\n")
      .map((line) => this.#line(line))
      .join("\n");
  }

  #line(text) {
    const { at, prefix = "", name, file, line, column } = FRAME.exec(text)?.groups ?? {};
    const module = file && this.#module(file);
    if (!module) return text;
    const place = module.map.findEntry(Number(line) - 1, Number(column) - 1);
    if (!("originalSource" in place)) return text;
    const where = `${place.originalSource}:${place.originalLine + 1}:${place.originalColumn + 1}`;
    return name ? `${at}${prefix}${nameOf(name, module, line, column)} (${where})` : `${at}${where}`;
  }

  #module(file) {
    if (!(file in this.#files)) return undefined;
    if (!this.#read.has(file)) {
      const { code, map } = this.#files[file];
      const lines = readFileSync(code, "utf8").split("\n");
      this.#read.set(file, { lines, map: new SourceMap(JSON.parse(readFileSync(map, "utf8"))) });
    }
    return this.#read.get(file);
  }
}

/** The function's name before it was minified: that of the last declaration before the place. */
function nameOf(name, { lines, map }, line, column) {
  const before = lines[line - 1].slice(0, column - 1);
  const at = Math.max(
    ...[`function ${name}(`, `function*${name}(`].map((text) => end(before, text, 1)),
    end(before, `${name}=`, 1),
  );
  if (at < 0) return name;
  const { name: original } = /** @type {{name?: string}} */ (map.findEntry(line - 1, at));
  return original || name;

  /** Where the name begins in the last `text`. */
  function end(code, text, after) {
    const found = code.lastIndexOf(text);
    return found < 0 ? -1 : found + text.length - after - name.length;
  }
}
