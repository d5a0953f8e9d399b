// Names behind ids: areas, routes and accounts, asked for once.
import { answer } from './answers.js';
import { may } from './rights.js';

const items = path => answer(path).body?.items ?? [];

export const areas = () => items('/v1/areas');
export const routes = () => items('/v1/routes');
/** Readers; whoever may not see accounts knows them from the planner's list. */
export const readers = () => (may('list_accounts')
    ? items('/v1/accounts?role=reader&limit=500').filter(account => !account.disabled).map(({ id, name }) => ({ id, name }))
    : items('/v1/readers?limit=500').map(({ reader_id, name }) => ({ id: reader_id, name })));
/** Those a case can be given to, as far as one may know. */
export const desks = () => (may('list_accounts') ? items('/v1/accounts?limit=500').filter(account => !account.disabled && account.role !== 'reader') : []);

export const readerName = id => (id ? readers().find(reader => reader.id === id)?.name ?? `#${id}` : undefined);
export const routeCode = id => (id ? routes().find(route => route.id === id)?.code ?? `#${id}` : undefined);
export const areaName = id => (id ? areas().find(area => area.id === id)?.path ?? `#${id}` : undefined);
export const readerOptions = () => readers().map(reader => [reader.id, reader.name]);
export const routeOptions = () => routes().map(route => [route.id, `${route.code} · ${route.area_path}`]);
export const areaOptions = () => areas().map(area => [area.id, area.path]);
/** The classes, in the order they are always in. */
export const CLASSES = ['commercial', 'residential_outdoor', 'residential_indoor'];
