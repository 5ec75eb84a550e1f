// What the pages say from the first release on, by the name of the text that it replaces. Until then nobody could do
// what it says: there is no package on npm, and no address of the repository.

/** The texts for a repository at this https address. */
export function textsAfterRelease(repository) {
  const name = new URL(repository).pathname.slice(1);
  const folder = `${repository}/tree/main/deploy`;
  const button = `[![Deploy to Cloudflare](https://deploy.workers.cloudflare.com/button)](https://deploy.workers.cloudflare.com/?url=${folder})`;
  const create = "```sh\nnpm create reelay@latest my-videos\n```\n";
  return {
    readme:
      () => `\`npm create reelay@latest my-videos\` makes a folder with the built worker. It needs Node 22.12 alone,
and its model \`demo\` needs no key. [Deploying](docs/deploying.md#without-rust) says the rest. The
button deploys it to your account:

${button}
`,
    folder: () => `Any of these makes a copy of this folder. The first also makes the secrets:

${create}
\`\`\`sh
npm create cloudflare@latest -- --template=${name}/deploy
\`\`\`

${button}
`,
    documentation: () => `The documentation is [in the repository](${repository}/blob/main/docs/README.md).
`,
    deploying: () => `${create}
Or press the button, and give each secret the value that its description says:

${button}
`,
    create: () => `${create}`,
    client:
      () => `The client is also on npm: \`npm install @reelay/client\` replaces the packed file, in this step and in
those below.
`,
  };
}
