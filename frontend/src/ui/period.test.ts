import assert from 'node:assert/strict';
import { test } from 'node:test';
import { render } from 'svelte/server';
import { openApp } from '../../testing/app.ts';
import { metricNow, overview } from '../../testing/fixtures.ts';
import { TEXTS } from '../text/index.ts';
import PeriodDialog from './PeriodDialog.svelte';
import TopBar from './TopBar.svelte';

async function open(search: string) {
  const { app } = openApp({ overview: overview([metricNow()]) }, `/${search}`);
  await app.live.poll();
  return app;
}

for (const lang of ['ko', 'en'] as const)
  test(`a period is asked for in ${lang}, in the zone of the site`, async () => {
    const app = await open(`?lang=${lang}`);
    const props = { app, open: false, onclose: () => undefined };
    const { body } = render(PeriodDialog, { props });
    const { title, from, to, show } = TEXTS[lang].period;
    for (const text of [title, from, to, show, 'Asia/Seoul']) assert.ok(body.includes(text), text);
    assert.equal(body.split('type="datetime-local"').length - 1, 2);
    assert.doesNotMatch(body, /role="alert"/);
  });

for (const [search, pressed] of [
  ['?lang=en', '1h'],
  ['?lang=en&range=30d', '30d'],
  ['?lang=en&range=30d&zoom=5000-9000', null], // a chosen period is none of the ranges
] as const)
  test(`the bar of ${search} has ${pressed ?? 'no range'} pressed and names the period`, async () => {
    const app = await open(search);
    const { body } = render(TopBar, { props: { app, onhelp: () => undefined } });
    const ranges = [...body.matchAll(/data-range="(\w+)" aria-pressed="true"/g)];
    assert.deepEqual(ranges.map(([, range]) => range), pressed === null ? [] : [pressed]);
    assert.match(body, /data-testid="choose-period"/);
    assert.equal(body.includes('data-testid="reset"'), pressed === null);
  });
