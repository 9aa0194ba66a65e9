/** The Korean texts of the page of settings. */

export const settings = {
  settings: {
    browser: '이 브라우저의 설정',
    browserNote: '이 브라우저에만 저장됩니다',
    nameNote: '접수, 조치 기록, 결재에 남는 이름입니다.',
    language: '언어',
    languages: { ko: '한국어', en: 'English' },
    theme: '테마',
    letters: '글자 하나로 된 단축키 사용',
    configuration: '서버 설정',
    readOnly: '읽기 전용. 변경은 설정 파일에서 합니다',
    file: (path: string) => `설정 파일 ${path}`,
    noFile: '설정 파일 없이 기본값으로 실행 중입니다.',
    search: '설정 검색',
    values: (n: number) => `${n}개`,
    key: '항목',
    value: '값',
    origin: '출처',
    origins: { option: '명령행 옵션', default: '기본값' },
    nothing: '일치하는 설정이 없습니다.',
  },
};
