// Builds static/build/app.css from assets/app.css with Tailwind's own compiler, in plain
// JavaScript: the official command line needs native packages that a lock cannot pin for every
// platform. Run: node tools/css.mjs OUT
import { readFileSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

import { compile } from "tailwindcss";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const require = createRequire(join(root, "assets", "app.css"));
const SOURCES = [
  { folder: "templates", suffix: ".html" },
  { folder: "static/js", suffix: ".js" },
];

function stylesheet(id, base) {
  const path = id.startsWith(".")
    ? resolve(base, id)
    : id.endsWith(".css")
      ? require.resolve(id)
      : join(dirname(require.resolve(`${id}/package.json`)), "index.css");
  return { path, base: dirname(path), content: readFileSync(path, "utf8") };
}

/** Every run of characters in the sources that could be a class name. */
function candidates() {
  const found = new Set();
  for (const { folder, suffix } of SOURCES) {
    for (const name of readdirSync(join(root, folder), { recursive: true })) {
      const path = join(root, folder, name);
      if (!name.endsWith(suffix) || !statSync(path).isFile()) continue;
      for (const word of readFileSync(path, "utf8").split(/[\s"'`<>=;{}]+/)) {
        if (/^[a-z@!*[-][^\u0600-\u06ff]*$/.test(word)) found.add(word);
      }
    }
  }
  return [...found].sort(); // the same bytes whatever order the file system lists
}

const input = join(root, "assets", "app.css");
const compiler = await compile(readFileSync(input, "utf8"), {
  base: dirname(input),
  from: input,
  loadModule: async (id, base) => {
    const path = id.startsWith(".") ? resolve(base, id) : require.resolve(id);
    return { path, base: dirname(path), module: require(path) };
  },
  loadStylesheet: async (id, base) => stylesheet(id, base),
});

/** Comments and indentation out; the rules stay as they are. Licence comments (/*!) stay. */
function shorten(css) {
  return css
    .replace(/\/\*(?!!)[\s\S]*?\*\//g, "")
    .replace(/^\s+/gm, "")
    .replace(/\s*\{\n/g, "{")
    .replace(/;\n\}/g, "}")
    .replace(/\n\}/g, "}")
    .replace(/;\n/g, ";");
}

writeFileSync(process.argv[2], shorten(compiler.build(candidates())));
