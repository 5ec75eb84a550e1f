import type { NextConfig } from "next";

const config: NextConfig = {
  // A package with native code cannot be bundled.
  serverExternalPackages: ["better-sqlite3"],
  allowedDevOrigins: ["127.0.0.1"],
  poweredByHeader: false,
  // Compression would delay the live events.
  compress: false,
};

export default config;
