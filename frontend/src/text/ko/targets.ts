/** The Korean texts of the page of targets. */

import { WORDS } from '../words.ts';

const { 'collect.state': state } = WORDS.ko;

export const targets = {
  targets: {
    title: '수집 대상',
    state,
    count: (word: string, n: string) => `${word} ${n}개`,
    since: (time: string, span: string) => `${time}부터 ${span}`,
    status: '상태',
    target: '대상',
    cause: '원인·비고',
    remedy: (text: string) => `조치: ${text}`,
    nothingHere: '수집할 데이터가 없습니다.',
    last: '마지막 수집',
    never: '없음',
    duration: '소요 시간',
    samples: '샘플',
    rejected: '거부된 샘플',
    interval: '수집 간격',
    empty: '수집 대상이 없습니다.',
    stale: (reason: string) => `수집 대상을 갱신하지 못했습니다. ${reason}`,
    down: (n: string) => `수집 대상 ${n}개에서 수집에 실패하고 있습니다`,
  },
};
