// Before anything is drawn: the light somebody chose, so that no dark room is lit up for a moment. Not a module, hence first.
document.documentElement.dataset.light = localStorage.getItem('meterbook-light') || 'auto';
