import type { NextConfig } from "next";

const config: NextConfig = {
  // It has native code, which a bundler cannot take in.
  serverExternalPackages: ["better-sqlite3"],
  allowedDevOrigins: ["127.0.0.1"],
  poweredByHeader: false,
  // Compression would hold back the live events.
  compress: false,
};

export default config;
