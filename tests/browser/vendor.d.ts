// What is not ours is not checked.
export const h: any;
export const render: any;
export class Component { props: any; }
export const createRef: any;
declare const htm: { bind(h: any): (strings: TemplateStringsArray, ...values: any[]) => any };
export default htm;
