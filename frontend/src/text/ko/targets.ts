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
    remedy: (text: string) => `조치: ${text}`,
    nothingHere: '수집할 데이터가 없습니다.',
    last: '마지막 수집',
    never: '없음',
    duration: '소요 시간',
    samples: '샘플',
    interval: '수집 간격',
    kind: '종류',
    kinds: { host: '내장 수집기', scrape: '지표 수집', database: '데이터베이스', probe: '헬스체크' },
    day: '24시간',
    ago: (span: string) => `${span} 전`,
    allRead: '24시간 동안 모두 수집',
    noReadings: '24시간 동안 수집 기록 없음',
    someFailed: (n: string, time: string) => `30분 구간 ${n}개에서 수집 실패, 마지막 ${time}`,
    rejectedOf: (n: string) => `거부 ${n}`,
    filter: '대상 이름·주소 검색',
    noneFound: '조건에 맞는 대상이 없습니다.',
    uncollected: '찾았으나 수집하지 않는 것',
    incident: (n: number) => `장애 ${n}`,
    configuration: '설정 보기',
    empty: '수집 대상이 없습니다.',
    down: (n: string) => `수집 대상 ${n}개에서 수집에 실패하고 있습니다`,
  },
};
