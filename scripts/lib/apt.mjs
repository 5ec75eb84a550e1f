// Debian packages, installed only where that needs no password.

import { Failure } from "./report.mjs";
import { looksOffline, output, run } from "./run.mjs";

/** The version that apt would install, or undefined if its lists have none. */
export function candidateVersion(name) {
  const version = output("apt-cache", ["policy", name])?.match(/^ {2}Candidate: (.*)$/m)?.[1];
  return version === "(none)" ? undefined : version?.split("+")[0];
}

/** The words before `apt-get`: none for root, sudo if it needs no password; undefined otherwise. */
function privilege() {
  if (process.getuid?.() === 0) return [];
  return output("sudo", ["-n", "true"]) === undefined ? undefined : ["sudo", "-n"];
}

/**
 * Downloads a package into a folder without installing it; fetches the lists first if they do not
 * have it.
 */
export async function aptDownload(name, folder) {
  const download = ["download", name];
  const explain = (lines) => {
    const advice = looksOffline(lines) ? "check the network" : "see apt's output above";
    return `The Debian package ${name} could not be downloaded: ${advice} and run again.`;
  };
  try {
    return await run("apt-get", download, { cwd: folder, quiet: true, explain });
  } catch (error) {
    const before = privilege();
    if (!(error instanceof Failure) || !before) throw error;
    const [command, ...rest] = [...before, "apt-get", "update"];
    await run(command, rest, { explain });
  }
  await run("apt-get", download, { cwd: folder, explain });
}

/** Installs packages; fetches the lists first unless `listsAreGood()`. */
export async function aptInstall(names, listsAreGood) {
  const install = ["apt-get", "install", "--yes", "--no-install-recommends", ...names];
  const before = privilege();
  if (!before) {
    throw new Failure(
      `Debian packages are missing: run \`sudo apt-get update && sudo ${install.join(" ")}\`, then run again.`,
    );
  }
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const explain = (lines) => {
    const advice = looksOffline(lines)
      ? "Debian's archive is unreachable. Check the network"
      : "see apt's output above";
    return `The Debian packages ${names.join(", ")} could not be installed: ${advice} and run again.`;
  };
  const apt = async (words, options = {}) => {
    const [command, ...rest] = [...before, ...words];
    await run(command, rest, { env, explain, ...options });
  };
  if (listsAreGood()) {
    try {
      return await apt(install, { quiet: true });
    } catch (error) {
      // Lists that are a few weeks old name files that the archive no longer has: fetch them and
      // try again.
      if (!(error instanceof Failure)) throw error;
    }
  }
  await apt(["apt-get", "update"]);
  await apt(install);
}
