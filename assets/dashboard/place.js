// Where the settings of this worker are kept.

const LOCAL = ["localhost", "127.0.0.1", "[::1]"];

/** Whether the worker runs on the machine of the browser. */
export function isLocal() {
  return LOCAL.includes(location.hostname);
}

/** Where a setting that is not secret is set. Pure. @param {boolean} local */
export function settingPlace(local) {
  return local ? "in .dev.vars" : "under vars in the wrangler configuration, then deploy";
}
