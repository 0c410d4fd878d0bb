// The page's sources to the files that the wheel ships: one script, one sheet of styles, the page and its icon.
// The same sources give the same bytes, which tests/studio/test_page.py holds.
import { context } from "esbuild";
import { copyFile } from "node:fs/promises";

const [out, flag] = process.argv.slice(2);
const build = await context({
  entryPoints: { studio: "src/main.js" },
  outdir: out,
  bundle: true,
  minify: true,
  format: "esm",
  target: ["chrome123", "firefox120", "safari17.5"], // light-dark() of CSS
  legalComments: "eof",
  logLevel: "warning",
});
await build.rebuild();
for (const name of ["index.html", "icon.svg"]) await copyFile(`src/${name}`, `${out}/${name}`);
if (flag === "--watch") await build.watch();
else await build.dispose();
