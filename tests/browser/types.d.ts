// Names for the contract's schemas, for the app's comments; `api.d.ts` is made of openapi.yaml by openapi-typescript.
import type { components } from './api';

declare global {
    type Schemas = components['schemas'];
    type PulledRound = Schemas['PulledRound'];
    type PulledStop = Schemas['PulledStop'];
    type PulledMeter = Schemas['PulledMeter'];
    type PullAnswer = Schemas['PullAnswer'];
    type PulledVerdict = Schemas['PulledVerdict'];
    type PushItem = Schemas['PushItem'];
    type PushAnswer = Schemas['PushAnswer'];
    type ItemReceipt = Schemas['ItemReceipt'];
    type Catalogue = Schemas['Catalogue'];
    type CatalogueTarget = Schemas['CatalogueTarget'];
    type TokenAnswer = Schemas['TokenAnswer'];
    type Meta = Schemas['Meta'];
    type MetaLimits = Schemas['MetaLimits'];
    type Figures = { index?: number; cumulative?: number; balance?: number };
    /** A record as a screen sees it; `owed` until its receipt. */
    type OwnRecord = {
        id: string; seq: number; account: number; item: Partial<PushItem>; kind: string; point: number; round: number; stop: number; made_at: string;
        owed?: number; outcome?: string; code?: string; detail?: string; flags?: string[]; verdict?: string; settled_at?: number;
    };
    var BarcodeDetector: any;
}
