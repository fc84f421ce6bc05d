import eslint from '@eslint/js';
import tseslint from 'typescript-eslint';

const clockOnly = [
  { object: 'Date', property: 'now', message: 'Read the time from platform/values/clock.' },
];
const newDate = { selector: "NewExpression[callee.name='Date'][arguments.length=0]", message: 'Read the time from platform/values/clock.' };
const numberCall = { selector: "CallExpression[callee.name='Number']", message: 'Parse numbers with a named function that checks them; Number() loses money silently.' };

export default tseslint.config(
  { ignores: ['dist/', 'node_modules/', '.data/', '.test/', 'clients/', 'scripts/', '*.js', '*.cjs', '*.mjs', '**/*.mjs'] },
  eslint.configs.recommended,
  ...tseslint.configs.recommendedTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      '@typescript-eslint/no-extraneous-class': 'off',
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/ban-ts-comment': ['error', { 'ts-expect-error': 'allow-with-description', minimumDescriptionLength: 10 }],
      'max-lines': ['error', { max: 300, skipBlankLines: true, skipComments: true }],
      'no-console': 'error',
      'no-control-regex': 'off',
    },
  },
  {
    files: ['src/**/*.ts'],
    ignores: ['src/**/*.spec.ts'],
    rules: {
      'no-restricted-properties': ['error', ...clockOnly, { object: 'process', property: 'env', message: 'Read configuration from platform/config.' }],
      'no-restricted-syntax': ['error', newDate, numberCall],
    },
  },
  { files: ['src/platform/values/clock.ts'], rules: { 'no-restricted-properties': 'off', 'no-restricted-syntax': 'off' } },
  {
    files: ['src/platform/config/**/*.ts', 'src/main.ts', 'src/migrate.ts', 'src/audit.ts', 'src/rotate-keys.ts'],
    rules: { 'no-restricted-properties': ['error', ...clockOnly] },
  },
  { files: ['launch/**/*.ts', 'bench/**/*.ts', 'simulators/**/*.ts', 'models/**/*.ts', 'engines/**/*.ts', 'test/**/*.ts'], rules: { 'no-console': 'off' } },
  {
    files: ['test/**/*.ts', '**/*.spec.ts', 'bench/chaos/**/*.ts'],
    rules: {
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
    },
  },
);
