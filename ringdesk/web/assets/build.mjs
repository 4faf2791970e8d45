// Bundles the look and the behaviour of the pages into ringdesk/web/static/ringdesk/.
// `npm run build` builds once, `npm run build -- --watch` rebuilds on every change.
import { copyFile, mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import * as esbuild from "esbuild";

const assets = dirname(fileURLToPath(import.meta.url));
const outdir = join(assets, "..", "static", "ringdesk");
const watch = process.argv.includes("--watch");

/** @type {esbuild.BuildOptions} */
const options = {
  entryPoints: [
    { in: join(assets, "main.ts"), out: "app" },
    { in: join(assets, "style", "main.css"), out: "app" },
    // The page for clients, and the script that shows it on other sites.
    { in: join(assets, "book.ts"), out: "book" },
    { in: join(assets, "style", "book.css"), out: "book" },
    { in: join(assets, "widget.ts"), out: "widget" },
  ],
  outdir,
  bundle: true,
  minify: !watch,
  format: "iife",
  // The oldest browsers that know light-dark().
  target: ["chrome123", "firefox120", "safari17.5"],
  loader: { ".woff2": "file" },
  assetNames: "[name]-[hash]",
  legalComments: "linked",
  logLevel: "info",
};

await mkdir(outdir, { recursive: true });
for (const name of ["icons.svg", "icon.svg"]) await copyFile(join(assets, name), join(outdir, name));
if (watch) {
  await (await esbuild.context(options)).watch();
} else {
  await esbuild.build(options);
}
