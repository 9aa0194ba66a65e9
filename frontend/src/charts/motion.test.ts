import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import { MOVING_MS, Motion } from './motion.ts';

test('changes in quick succession are a movement, which ends once', () => {
  mock.timers.enable({ apis: ['setTimeout'] });
  let rested = 0;
  const motion = new Motion(() => rested++);
  assert.equal(motion.note(), false);
  mock.timers.tick(MOVING_MS - 1);
  assert.deepEqual([motion.note(), motion.note()], [true, true]);
  mock.timers.tick(MOVING_MS - 1);
  assert.equal(rested, 0);
  mock.timers.tick(1);
  assert.equal(rested, 1);
  mock.timers.reset();
});

test('a single change is no movement, and neither is one that was stopped', () => {
  mock.timers.enable({ apis: ['setTimeout'] });
  let rested = 0;
  const motion = new Motion(() => rested++);
  motion.note();
  mock.timers.tick(MOVING_MS);
  assert.equal(motion.note(), false);
  motion.note();
  motion.stop();
  mock.timers.tick(MOVING_MS);
  assert.equal(rested, 0);
  mock.timers.reset();
});
