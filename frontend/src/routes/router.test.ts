import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakePlace } from '../../testing/world.ts';
import { Router, formatPath, parsePath, type Route } from './router.svelte.ts';

const ROUTES: [string, Route][] = [
  ['', { page: 'overview' }],
  ['metrics/system.cpu.load', { page: 'metric', id: 'system.cpu.load' }],
  ['metrics/a%2Fb', { page: 'metric', id: 'a/b' }],
  ['metrics/%EC%A7%80%ED%91%9C', { page: 'metric', id: '지표' }],
  ['targets', { page: 'targets' }],
  ['incidents', { page: 'incidents', number: null }],
  ['incidents/12', { page: 'incidents', number: 12 }],
  ['silences', { page: 'silences' }],
  ['metrics', { page: 'metrics' }],
  ['explore', { page: 'explore' }],
  ['logs', { page: 'logs' }],
  ['settings', { page: 'settings' }],
  ['reports', { page: 'months', month: null, tab: 'reports' }],
  ['months', { page: 'months', month: null, tab: 'sla' }],
  ['months/2026-11', { page: 'months', month: '2026-11', tab: 'sla' }],
  ['months/2026-11/reports', { page: 'months', month: '2026-11', tab: 'reports' }],
  ['months/2026-11/inspection', { page: 'months', month: '2026-11', tab: 'inspection' }],
  ['months/2026-13', { page: 'unknown', path: '/months/2026-13' }],
  ['months/2026-11/sums', { page: 'unknown', path: '/months/2026-11/sums' }],
  ['months/2026-11/reports/x', { page: 'unknown', path: '/months/2026-11/reports/x' }],
  ['reports/IT-2027-01', { page: 'report', id: 'IT-2027-01' }],
  ['reports/IT%202027', { page: 'report', id: 'IT 2027' }],
  ['reports/a/b', { page: 'unknown', path: '/reports/a/b' }],
  ['incidents/x', { page: 'unknown', path: '/incidents/x' }],
  ['incidents/1/2', { page: 'unknown', path: '/incidents/1/2' }],
  ['targets/x', { page: 'unknown', path: '/targets/x' }],
  ['nowhere', { page: 'unknown', path: '/nowhere' }],
  ['metric/x', { page: 'unknown', path: '/metric/x' }],
  ['metrics/a/b', { page: 'unknown', path: '/metrics/a/b' }],
];

for (const [path, route] of ROUTES)
  test(`/${path} is ${JSON.stringify(route)}`, () => {
    assert.deepEqual(parsePath(path), route);
    assert.deepEqual(parsePath(formatPath(route)), route);
  });

test('other spellings of the same pages', () => {
  assert.deepEqual(parsePath('index.html'), { page: 'overview' });
  assert.deepEqual(parsePath('metrics/x/'), { page: 'metric', id: 'x' });
  assert.deepEqual(parsePath('targets/'), { page: 'targets' });
  assert.deepEqual(parsePath('metrics/'), { page: 'metrics' });
  assert.deepEqual(parsePath('metrics/100%'), { page: 'metric', id: '100%' });
  assert.deepEqual(parsePath('/evil.example'), { page: 'unknown', path: '//evil.example' });
});

for (const base of ['/', '/prefix/', '/a/b/'])
  test(`below ${base} pages are found, linked and gone to`, () => {
    const place = new FakePlace(`${base}metrics/x?range=6h`, base);
    const router = new Router(place);
    assert.deepEqual([router.route, router.search], [{ page: 'metric', id: 'x' }, '?range=6h']);
    assert.equal(router.href({ page: 'metric', id: 'y z' }, '?a=1'), `${base}metrics/y%20z?a=1`);
    assert.equal(router.href({ page: 'overview' }), base);
    router.go({ page: 'overview' }, '?lang=ko');
    assert.equal(place.entries.at(-1), `${base}?lang=ko`);
    assert.deepEqual(router.route, { page: 'overview' });
  });

test('the base is read once: the address may change without the document', () => {
  const place = new FakePlace('/prefix/', '/prefix/');
  const router = new Router(place);
  place.document.baseURI = 'http://host/prefix/metrics/';
  router.go({ page: 'metric', id: 'x' }, '');
  router.go({ page: 'metric', id: 'y' }, '');
  assert.deepEqual(place.entries, ['/prefix/', '/prefix/metrics/x', '/prefix/metrics/y']);
});

test('Back shows the page before, as it was', () => {
  const place = new FakePlace('/?range=6h');
  const router = new Router(place);
  router.go({ page: 'metric', id: 'x' }, '?range=6h');
  place.back();
  assert.deepEqual([router.route, router.search], [{ page: 'overview' }, '?range=6h']);
});

test('a page begins at its top; a changed view stays where it is', () => {
  const place = new FakePlace('/');
  const router = new Router(place);
  router.setSearch('?range=6h', 'push');
  router.setSearch('?range=7d', 'replace');
  assert.deepEqual([place.entries, place.scrolled], [['/', '/?range=7d'], 0]);
  router.go({ page: 'metric', id: 'x' }, '');
  assert.equal(place.scrolled, 1);
});

test('what changes nothing is no entry of the history', () => {
  const place = new FakePlace('/?range=6h');
  new Router(place).setSearch('?range=6h', 'push');
  assert.deepEqual(place.entries, ['/?range=6h']);
});

test('only links to our own pages are followed', () => {
  const place = new FakePlace('/prefix/', '/prefix/');
  const router = new Router(place);
  for (const foreign of [
    'http://other/prefix/', 'http://host/', 'http://host/prefix/nothing',
    'http://host/prefix/licenses.md', 'http://host/prefixed/', '/prefix/api/jipyo/overview',
  ])
    assert.equal(router.open(foreign), false, foreign);
  assert.deepEqual(place.entries, ['/prefix/']);
  assert.equal(router.open('http://host/prefix/metrics/x?range=6h'), true);
  assert.deepEqual(router.route, { page: 'metric', id: 'x' });
});
