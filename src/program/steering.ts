/** Files that tools read on their own and that change what the metric command does, whoever wrote them. */

/** `vite.config` with every ending that its tool reads. */
const configs = (...names: string[]) =>
  names.flatMap((name) => ["js", "ts", "mjs", "cjs", "mts", "cts", "json"].map((end) => `${name}.${end}`));

/** By the tools that read them. Each may run code, choose versions, move module resolution or set the environment. */
const STEERING_NAMES = [
  // Node, npm, yarn, pnpm, bun, deno
  ...["package.json", "package-lock.json", "npm-shrinkwrap.json", "yarn.lock", "pnpm-lock.yaml", "bun.lock"],
  ...[
    "pnpm-workspace.yaml",
    ".npmrc",
    ".yarnrc",
    ".yarnrc.yml",
    ".pnpmfile.cjs",
    ".pnp.cjs",
    ".pnp.loader.mjs",
  ],
  ...["bunfig.toml", "deno.json", "deno.jsonc", "deno.lock", ".nvmrc", ".node-version", ".swcrc", ".babelrc"],
  ...["tsconfig.json", "tsconfig.base.json", "tsconfig.build.json", "tsconfig.test.json", "jsconfig.json"],
  ...configs("babel.config", "vite.config", "vitest.config", "vitest.workspace", "jest.config", ".mocharc"),
  ...configs("webpack.config", "rollup.config", "rolldown.config", "esbuild.config", "tsup.config"),
  ...[".env", ".env.local", ".env.test", ".env.development", ".env.production"],
  // Python
  ...[
    "conftest.py",
    "sitecustomize.py",
    "usercustomize.py",
    "pytest.ini",
    "tox.ini",
    "noxfile.py",
    "setup.py",
  ],
  ...["setup.cfg", "pyproject.toml", "requirements.txt", "requirements-dev.txt", "Pipfile", "Pipfile.lock"],
  ...["poetry.lock", "uv.lock", ".coveragerc", ".python-version", "pyvenv.cfg"],
  // make, CMake, Rust, Go, JVM, Ruby, PHP
  ...[
    "Makefile",
    "makefile",
    "GNUmakefile",
    "justfile",
    "CMakeLists.txt",
    "CMakePresets.json",
    "meson.build",
  ],
  ...[
    "Cargo.toml",
    "Cargo.lock",
    "build.rs",
    "rust-toolchain",
    "rust-toolchain.toml",
    "go.mod",
    "go.sum",
    "go.work",
  ],
  ...[
    "pom.xml",
    "build.gradle",
    "build.gradle.kts",
    "settings.gradle",
    "settings.gradle.kts",
    "gradle.properties",
  ],
  ...["Gemfile", "Gemfile.lock", "Rakefile", ".ruby-version", "composer.json", "composer.lock"],
  // shells and version managers
  ...[".envrc", ".tool-versions", "mise.toml", ".mise.toml"],
];

/** Folders whose content tools run or trust. */
const STEERING_FOLDERS = ["node_modules", "__pycache__", ".cargo", ".venv", "venv", ".bundle", ".gradle"];

/** Globs of files that a glob under `edit` does not open: they must be named there one by one. */
export const STEERING: readonly string[] = [
  ...[...STEERING_NAMES, "*.pth", "*.pyc"].map((name) => `**/${name}`),
  ...STEERING_FOLDERS.map((folder) => `**/${folder}/**`),
];
