// What the pages say from the first release on, by the name of the text that it replaces. Until then
// nobody could do what it says: there is no package on npm, and no address of the repository.

/** The texts for a repository at this https address. */
export function textsAfterRelease(repository) {
  const name = new URL(repository).pathname.slice(1);
  const folder = `${repository}/tree/main/deploy`;
  const deploy = "https://deploy.workers.cloudflare.com";
  const button = `[![Deploy to Cloudflare](${deploy}/button)](${deploy}/?url=${folder})`;
  const create = "npm create reelay@latest my-videos";
  const template = `npm create cloudflare@latest -- --template=${name}/deploy`;
  return {
    readme: `\`${create}\` makes a folder with the built worker. It
needs Node 22.12 alone, and its model \`demo\` needs no key. Or press the button:

${button}
`,
    folder: `Any of these makes a copy of this folder. The first also makes the secrets:

${command(create)}
${command(template)}
${button}
`,
    update: `To update: \`npm install @reelay/worker@latest\`.
`,
    documentation: `The documentation is [in the repository](${repository}/blob/main/docs/README.md).
`,
    deploying: `${command(create)}
Or press the button, and give each secret the value that its description says:

${button}
`,
    updating: command(
      [
        "npm install @reelay/worker@latest",
        "diff wrangler.jsonc node_modules/@reelay/worker/dist/wrangler.jsonc",
        "npm run deploy",
      ].join("\n"),
    ),
    create: command(create),
    client: `[\`@reelay/client\`](../packages/client/README.md) is also on npm: \`npm install @reelay/client\` replaces
the packed file.
`,
  };
}

const command = (line) => `<!-- not run: it needs npm's registry -->\n\`\`\`sh\n${line}\n\`\`\`\n`;
