// The worker's real answers, written as TypeScript and compared with the client's types by the
// compiler.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
const DESCRIPTION = JSON.parse(readFileSync(join(ROOT, "assets/openapi.json"), "utf8"));
const METHODS = ["get", "post", "put", "patch", "delete"];

const operations = Object.entries(DESCRIPTION.paths).flatMap(([path, item]) =>
  METHODS.filter((method) => item[method]).map((method) => {
    const pattern = new RegExp(`^${path.replaceAll(/\{\w+\}/g, "[^/]+")}$`);
    return { method: method.toUpperCase(), path, pattern, ...item[method] };
  }),
);

/** The description's operations that answer with JSON when they succeed, by name. */
export const JSON_OPERATIONS = operations
  .filter(({ responses }) => responses["200"] && resolve(responses["200"]).content?.["application/json"])
  .map(({ operationId }) => operationId)
  .sort();

/**
 * The paths that can be read with a token alone: those without an id, and whether they are for
 * operators.
 */
export const READS = operations
  .filter(
    ({ method, path, operationId }) => method === "GET" && !path.includes("{") && JSON_OPERATIONS.includes(operationId),
  )
  .map(({ path, security }) => ({ path, forOperators: security.some((scheme) => "operator" in scheme) }));

/** The names of the description's schemas. */
export const SCHEMAS = Object.keys(DESCRIPTION.components.schemas).sort();

/** The answers, each with the name of its type: `{type, value}`. */
const answers = [];
export const metOperations = new Set();
export const metSchemas = new Set();
export const metProblems = new Set();

/**
 * Records a value that must have this type and, if `schema` is given, which schemas it contains.
 */
export function note(type, value, schema) {
  answers.push({ type, value });
  if (schema) visit(schema, value);
}

/** The platform's fetch, which also records each JSON answer with its operation and status. */
export async function recordingFetch(url, init = {}) {
  const response = await fetch(url, init);
  const kind = response.headers.get("content-type")?.split(";")[0] ?? "";
  if (kind !== "application/json" && kind !== "application/problem+json") return response;
  const { pathname } = new URL(url);
  const method = init.method ?? "GET";
  const operation = operations.find((each) => each.method === method && each.pattern.test(pathname));
  assert.ok(operation, `the description has ${method} ${pathname}`);
  const { operationId, responses } = operation;
  const described = responses[response.status];
  assert.ok(described, `the description of ${operationId} has the status ${response.status}`);
  const type = `operations["${operationId}"]["responses"][${response.status}]["content"]["${kind}"]`;
  const value = await response.clone().json();
  note(type, value, resolve(described).content[kind].schema);
  if (response.ok) metOperations.add(operationId);
  else metProblems.add(response.status);
  return response;
}

/** Records which schemas a value contains. */
function visit(schema, value) {
  if (value === undefined || value === null || !schema) return;
  if (schema.$ref) {
    metSchemas.add(schema.$ref.split("/").at(-1));
    visit(resolve(schema), value);
  }
  for (const part of [...(schema.allOf ?? []), ...(schema.oneOf ?? []), ...(schema.anyOf ?? [])]) visit(part, value);
  if (Array.isArray(value)) for (const item of value) visit(schema.items, item);
  else if (typeof value === "object")
    for (const [name, field] of Object.entries(value))
      visit(
        schema.properties?.[name] ?? (typeof schema.additionalProperties === "object" && schema.additionalProperties),
        field,
      );
}

function resolve(schema) {
  if (!schema.$ref) return schema;
  const parts = schema.$ref.slice(2).split("/");
  return parts.reduce((place, name) => place[name.replaceAll("~1", "/")], DESCRIPTION);
}

/**
 * Compiles all that was recorded, and wrong values that the compiler must reject; throws its
 * errors. Returns the count.
 */
export function compile() {
  const folder = mkdtempSync(join(tmpdir(), "reelay-answers-"));
  try {
    writeFileSync(join(folder, "answers.mts"), source());
    const paths = { "@reelay/client": [join(ROOT, "packages/client/dist/index.d.ts")] };
    const compilerOptions = { noEmit: true, paths, declaration: false, declarationMap: false, sourceMap: false };
    const config = { extends: join(ROOT, "tsconfig.base.json"), compilerOptions, include: ["answers.mts"] };
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(config));
    execFileSync(join(ROOT, "node_modules/.bin/tsc"), ["--project", folder], { encoding: "utf8" });
  } catch (error) {
    throw new Error(`The answers do not match the client's types:\n${error.stdout ?? error.stack}`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return answers.length;
}

function source() {
  const lines = [
    'import type { Event, Generation, GenerationEvent, Reelay, WebhookEvent, operations } from "@reelay/client";',
    "export type Used = [Event, Generation, GenerationEvent, Reelay, WebhookEvent, operations];",
  ];
  const literal = (value, type) => `(${JSON.stringify(value)}) satisfies ${type};`;
  answers.forEach(({ type, value }, index) => {
    lines.push(`export const answer${index} = ${literal(value, type)}`);
  });
  // Each of these must be an error, which proves that the check finds errors.
  const { value: known } = answers.find(({ type }) => type === GENERATION);
  const { updatedAt: _, ...without } = known;
  const wrong = { added: { ...known, unknown: 1 }, missing: without, another: { ...known, progress: "40" } };
  for (const [name, value] of Object.entries(wrong))
    lines.push("// @ts-expect-error", `export const ${name} = ${literal(value, GENERATION)}`);
  return lines.join("\n");
}

/** The type that the client's `get` returns. */
export const GENERATION = resultOf("get");

/** The name of the type that a method of the client returns. */
export function resultOf(method) {
  return `Awaited<ReturnType<Reelay["${method}"]>>`;
}
