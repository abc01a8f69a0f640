import js from '@eslint/js';
import jupyter from '@jupyter/eslint-plugin';
import prettier from 'eslint-config-prettier';
import reactHooks from 'eslint-plugin-react-hooks';
import globals from 'globals';
import tseslint from 'typescript-eslint';

export default tseslint.config(
  {
    ignores: [
      '**/node_modules',
      'lib',
      'coverage',
      'build',
      'dist',
      '.venv',
      'ctadata_labext',
      'src/api/schema.ts',
      'ui-tests/test-results',
      'ui-tests/playwright-report'
    ]
  },
  js.configs.recommended,
  tseslint.configs.strict,
  { plugins: { jupyter, 'react-hooks': reactHooks } },
  jupyter.configs.recommended,
  {
    languageOptions: { globals: { ...globals.browser, ...globals.node } },
    rules: {
      // A panel of the sidebar is needed when JupyterLab starts.
      'jupyter/prefer-lazy-imports': 'off',
      curly: 'error',
      eqeqeq: 'error',
      'prefer-arrow-callback': 'error',
      // Not the rules of React's compiler: models change, and tell their views by signals.
      'react-hooks/rules-of-hooks': 'error',
      'react-hooks/exhaustive-deps': 'error'
    }
  },
  {
    files: ['**/*.ts', '**/*.tsx'],
    ignores: ['ui-tests/**'],
    languageOptions: { parserOptions: { project: 'tsconfig.test.json' } },
    rules: {
      '@typescript-eslint/naming-convention': [
        'error',
        {
          selector: 'interface',
          format: ['PascalCase'],
          custom: { regex: '^I[A-Z]', match: true }
        }
      ],
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': [
        'error',
        { checksVoidReturn: { arguments: false, attributes: false } }
      ]
    }
  },
  {
    // Other messages than the notifier's are cut off where they are long.
    files: ['src/**'],
    ignores: ['src/ui/notify.ts'],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          name: '@jupyterlab/apputils',
          importNames: ['Notification'],
          message: 'Use the Notifier of src/ui/notify.ts.'
        }
      ]
    }
  },
  {
    // Another extension, and a short one: the docs show it.
    files: ['src/__tests__/example-extension.ts'],
    rules: {
      'jupyter/no-untranslated-string': 'off',
      'jupyter/plugin-id-convention': 'off'
    }
  },
  {
    files: ['**/*.js'],
    languageOptions: { sourceType: 'commonjs' },
    rules: { '@typescript-eslint/no-require-imports': 'off' }
  },
  prettier
);
