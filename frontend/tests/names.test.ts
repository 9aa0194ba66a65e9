import assert from 'node:assert/strict';
import { test } from 'node:test';
import { namesOf, placeOf } from '../src/lib/names.ts';

const series = (...labels: Record<string, string>[]) =>
  labels.map((one) => ({ labels: one, given: 'given' }));

test('what all series share goes unsaid', () => {
  const cores = series({ instance: 'a', cpu: '0' }, { instance: 'a', cpu: '1' });
  assert.deepEqual(namesOf(cores), ['cpu 0', 'cpu 1']);
  const links = series({ instance: 'a', device: 'eth0' }, { instance: 'b', device: 'eth0' });
  assert.deepEqual(namesOf(links), ['a', 'b']);
});

test('the instance comes first', () => {
  const disks = series({ device: 'sda', instance: 'b' }, { device: 'sdb', instance: 'a' });
  assert.deepEqual(namesOf(disks), ['b · sda', 'a · sdb']);
});

test('a series alone has all its labels, and one without labels what it was given', () => {
  assert.deepEqual(namesOf(series({ instance: 'a', cpu: '0' })), ['a · cpu 0']);
  assert.deepEqual(namesOf(series({})), ['given']);
});

test('the only instance is not a place', () => {
  assert.equal(placeOf({ instance: 'a', mountpoint: '/' }, true), '/');
  assert.equal(placeOf({ instance: 'a', mountpoint: '/' }, false), 'a · /');
  assert.equal(placeOf(null, true), '');
});
