// Files of npm packages that the pages of assets/ load: copied, so that the pages need no other
// origin and no bundler.

import { copyFileSync, mkdirSync } from "node:fs";
import { basename, join } from "node:path";
import { ROOT } from "./paths.mjs";

/** The files of each package, and their folder below assets/vendor/. */
export const VENDORED = [
  {
    package: "swagger-ui-dist",
    files: ["swagger-ui-bundle.js", "swagger-ui-bundle.js.LICENSE.txt", "swagger-ui.css", "LICENSE", "NOTICE"],
    folder: "swagger-ui",
  },
  { package: "uplot", files: ["dist/uPlot.iife.min.js", "dist/uPlot.min.css", "LICENSE"], folder: "uplot" },
];

/** Copies all of them; they are small and few. */
export function copyVendored() {
  for (const { package: name, files, folder } of VENDORED) {
    const target = join(ROOT, "assets", "vendor", folder);
    mkdirSync(target, { recursive: true });
    for (const file of files) copyFileSync(join(ROOT, "node_modules", name, file), join(target, basename(file)));
  }
}
