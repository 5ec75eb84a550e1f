// Ports: the requested ones, and whether they are free.

import { createServer } from "node:net";
import { Failure } from "./report.mjs";

/**
 * The default ports of the worker, the local upstream and the example app, as in .dev.vars and the
 * documentation.
 */
export const DEFAULT_PORTS = { worker: 8787, upstream: 8788, app: 3000 };

/** The flag and the variable of each role's port. */
const ASK = {
  worker: { flag: "--port", variable: "PORT" },
  upstream: { flag: "--upstream-port", variable: "UPSTREAM_PORT" },
  app: { flag: "--app-port", variable: "APP_PORT" },
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

/** The ports of these roles: from flags, else from variables, else the defaults. */
export function chosenPorts(args, env, roles = ["worker", "upstream"]) {
  const ports = Object.fromEntries(roles.map((role) => [role, asked(role, args, env)]));
  for (const [index, role] of roles.entries()) {
    const other = roles.slice(0, index).find((earlier) => ports[earlier] === ports[role]);
    if (other) throw new Failure(`The ${other} and the ${role} cannot share port ${ports[role]}: choose two.`);
  }
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

/** Fails with one sentence if a port is taken; `command` is the command in use. */
export async function requireFree(ports, command = "npm start") {
  for (const [role, port] of Object.entries(ports)) {
    if (await isFree(port)) continue;
    const other = port + 100 <= 65_535 ? port + 100 : port - 100;
    throw new Failure(
      `Port ${port} for the ${role} is taken: stop the program that uses it, or choose another with ${ASK[role].variable}=${other} ${command}.`,
    );
  }
}
