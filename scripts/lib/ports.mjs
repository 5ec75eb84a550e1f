// Ports: which are asked for, and whether they are free.

import { createServer } from "node:net";
import { Failure } from "./report.mjs";

/** The ports of the worker and of the local upstream, as .dev.vars and the documentation name them. */
export const DEFAULT_PORTS = { worker: 8787, upstream: 8788 };

/** How to ask for another port. */
const ASK = {
  worker: { flag: "--port", variable: "PORT" },
  upstream: { flag: "--upstream-port", variable: "UPSTREAM_PORT" },
};

function asked(role, args, env) {
  const { flag, variable } = ASK[role];
  const index = args.findIndex((arg) => arg === flag || arg.startsWith(`${flag}=`));
  const text = index < 0 ? env[variable] : args[index].includes("=") ? args[index].split("=")[1] : args[index + 1];
  if (text === undefined && index < 0) return DEFAULT_PORTS[role];
  const port = Number(text);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) {
    throw new Failure(
      `${index < 0 ? variable : flag} needs a port from 1 to 65535, not ${JSON.stringify(text ?? "")}.`,
    );
  }
  return port;
}

/** The ports from flags, else variables, else the defaults. */
export function chosenPorts(args, env) {
  const ports = { worker: asked("worker", args, env), upstream: asked("upstream", args, env) };
  if (ports.worker === ports.upstream)
    throw new Failure(`The worker and the upstream cannot share port ${ports.worker}: choose two.`);
  return ports;
}

/** Whether nothing listens on a loopback port. */
export function isFree(port) {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen({ port, host: "127.0.0.1", exclusive: true }, () => server.close(() => resolve(true)));
  });
}

/** Fails with one sentence when a port is taken. */
export async function requireFree(ports) {
  for (const [role, port] of Object.entries(ports)) {
    if (await isFree(port)) continue;
    const other = port + 100 <= 65_535 ? port + 100 : port - 100;
    throw new Failure(
      `Port ${port} for the ${role} is taken: stop the program that uses it, or choose another with ${ASK[role].variable}=${other} npm start.`,
    );
  }
}
