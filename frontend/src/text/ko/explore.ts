/** The Korean texts of Explore. */

export const explore = {
  explore: {
    title: '탐색',
    query: 'PromQL',
    run: '실행',
    hint: 'PromQL을 쓰고 실행하십시오. 예: rate(node_cpu_seconds_total[5m])',
    running: '실행하는 중입니다',
    empty: '이 식에 맞는 시계열이 없습니다.',
    table: '값',
    chart: '추이',
    save: '지표로 저장',
    saveHelp: 'catalogue.files에 적은 파일에 붙여 넣고 id, 이름, 단위, 임계치를 알맞게 고친 뒤 설정을 다시 읽으십시오.',
    name: '이름',
    keep: '보기 저장',
    keepHelp: '이 브라우저에만 저장됩니다.',
    saved: '저장한 보기',
    forget: (name: string) => `${name} 삭제`,
    copyQuery: '쿼리 복사',
    more: (shown: number, total: number) => `시계열 ${total.toLocaleString('en')}개 중 ${shown}개를 표시합니다.`,
    value: '값',
    noWord: '없음',
    upWord: '응답',
    at: (place: string) => `오류 위치 ${place}`,
  },
};
