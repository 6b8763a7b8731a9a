//! Messages as the venue writes them, for tests.

pub(super) const SPOT_DEPTH: &str = concat!(
    r#"{"e":"depthUpdate","E":1723161255208,"s":"BTCUSDT","U":50093239189,"u":50093239202,"#,
    r#""b":[["61737.63000000","0.00000000"],["61730.17000000","1.50000000"]],"#,
    r#""a":[["61837.64000000","1.54698000"]]}"#,
);
pub(super) const USDM_DEPTH: &str = concat!(
    r#"{"e":"depthUpdate","E":1723161256299,"T":1723161256298,"s":"BTCUSDT","#,
    r#""U":5123107832006,"u":5123107837557,"pu":5123107831937,"b":[["58710.20","0.014"]],"#,
    r#""a":[]}"#,
);
pub(super) const SPOT_TICKER: &str = concat!(
    r#"{"u":50093239212,"s":"BTCUSDT","b":"61837.63000000","B":"3.78826000","#,
    r#""a":"61837.64000000","A":"1.54698000"}"#,
);
pub(super) const USDM_TICKER: &str = concat!(
    r#"{"e":"bookTicker","u":5123107839020,"s":"BTCUSDT","b":"61800.20","B":"2.507","#,
    r#""a":"61800.30","A":"2.510","T":1723161256312,"E":1723161256313}"#,
);
pub(super) const USDM_TICKER_DOC: &str = concat!(
    r#"{"e":"bookTicker","u":5123107839020,"E":1723161256313,"T":1723161256312,"#,
    r#""s":"BTCUSDT","b":"61800.20","B":"2.507","a":"61800.30","A":"2.510"}"#,
);
pub(super) const SPOT_TRADE: &str = concat!(
    r#"{"e":"trade","E":1723161255343,"s":"BTCUSDT","t":3735683259,"p":"61837.63000000","#,
    r#""q":"0.02000000","T":1723161255342,"m":true,"M":true}"#,
);
pub(super) const USDM_TRADE: &str = concat!(
    r#"{"e":"trade","E":1723161256322,"T":1723161256321,"s":"BTCUSDT","t":5266583935,"#,
    r#""p":"61800.30","q":"0.006","X":"MARKET","m":false}"#,
);
pub(super) const SPOT_AGGREGATE: &str = concat!(
    r#"{"e":"aggTrade","E":1672515782136,"s":"BTCUSDT","a":12345,"p":"0.001","q":"100","#,
    r#""f":100,"l":105,"T":1672515782135,"m":true,"M":true}"#,
);
pub(super) const USDM_AGGREGATE: &str = concat!(
    r#"{"e":"aggTrade","E":1672515782136,"a":12345,"s":"BTCUSDT","p":"0.001","q":"100","#,
    r#""f":100,"l":105,"T":1672515782135,"m":true}"#,
);
pub(super) const SNAPSHOT: &str = concat!(
    r#"{"lastUpdateId":50093239218,"bids":[["61837.63","3.7"]],"asks":[["61837.64","1.5"],"#,
    r#"["61838.04","0.3"]]}"#,
);
pub(super) const USDM_SNAPSHOT: &str = concat!(
    r#"{"lastUpdateId":5123107852948,"E":1723161256501,"T":1723161256493,"bids":[],"#,
    r#""asks":[["1","2"]]}"#,
);
pub(super) const EXCHANGE_INFO: &str = concat!(
    r#"{"timezone":"UTC","symbols":[{"symbol":"ETHUSDT","filters":[]},{"symbol":"BTCUSDT","#,
    r#""filters":[{"filterType":"PRICE_FILTER","minPrice":"0.01","tickSize":"0.01000000"},"#,
    r#"{"filterType":"LOT_SIZE","stepSize":"0.00001000"},{"filterType":"MARKET_LOT_SIZE","#,
    r#""stepSize":"0.00000001"}]}]}"#,
);
