import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig, type Plugin } from 'vite';

/** While developing, the site begins at the root whatever path is asked for. */
const base: Plugin = {
  name: 'base',
  apply: 'serve',
  transformIndexHtml: (html) => html.replace('<base href="./">', '<base href="/">'),
};

// Relative addresses, so that the page also works behind a path prefix. Nothing is inlined as
// a data: address: the server may send a policy that allows its own files only.
export default defineConfig({
  plugins: [svelte(), base],
  base: './',
  build: {
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    license: { fileName: 'licenses.md' },
  },
  server: {
    fs: { allow: ['.', '../src/jipyo/i18n'] },
    proxy: { '/api': 'http://127.0.0.1:9797' },
  },
});
