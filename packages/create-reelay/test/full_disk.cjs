// Makes the disk full once the secrets are to be written.

const fs = require("node:fs");
const { syncBuiltinESMExports } = require("node:module");

const { writeFileSync } = fs;

fs.writeFileSync = (path, ...rest) => {
  if (!String(path).endsWith("nextjs.env")) return writeFileSync(path, ...rest);
  throw Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC" });
};
syncBuiltinESMExports();
