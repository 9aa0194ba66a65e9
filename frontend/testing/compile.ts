/**
 * Lets node's test runner import the dashboard's sources. Components are compiled for server
 * rendering, as there is no DOM; modules with runes are compiled as for a browser.
 */

import { registerHooks, stripTypeScriptTypes } from 'node:module';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { compile, compileModule } from 'svelte/compiler';

registerHooks({
  load(url, context, next) {
    if (!url.startsWith('file:')) return next(url, context);
    const filename = fileURLToPath(url);
    if (filename.endsWith('.svelte')) return asModule(compileComponent(filename));
    if (filename.endsWith('.svelte.ts')) return asModule(compileRunes(filename));
    return next(url, context);
  },
});

const asModule = (source: string) => ({ format: 'module' as const, source, shortCircuit: true });

const compileComponent = (filename: string): string =>
  compile(readFileSync(filename, 'utf8'), { filename, generate: 'server', css: 'external' }).js.code;

const compileRunes = (filename: string): string =>
  compileModule(stripTypeScriptTypes(readFileSync(filename, 'utf8')), {
    filename,
    generate: 'client',
  }).js.code;
