// The page's sources to the files that the wheel ships: one script, one sheet of styles, the page and its icon, and the
// licences of what is in the script. The same sources give the same bytes, which tests/test_studio.py holds.
import { context } from "esbuild";
import { copyFile, readFile, writeFile } from "node:fs/promises";

const [out, flag] = process.argv.slice(2);
const build = await context({
  entryPoints: { studio: "src/main.js" },
  outdir: out,
  bundle: true,
  minify: true,
  metafile: true,
  format: "esm",
  target: ["chrome123", "firefox120", "safari17.5"], // light-dark() of CSS
  logLevel: "warning",
});
const { metafile } = await build.rebuild();
for (const name of ["index.html", "icon.svg"]) await copyFile(`src/${name}`, `${out}/${name}`);

const packages = new Set(Object.keys(metafile.inputs).map((path) => /^node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1]));
packages.delete(undefined);
const licences = await Promise.all(
  [...packages].sort().map(async (name) => `${name}\n\n${(await readFile(`node_modules/${name}/LICENSE`, "utf8")).trim()}\n`),
);
await writeFile(`${out}/licenses.txt`, licences.join(`\n${"-".repeat(80)}\n\n`));

if (flag === "--watch") await build.watch();
else await build.dispose();
