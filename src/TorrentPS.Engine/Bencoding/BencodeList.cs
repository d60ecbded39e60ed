namespace TorrentPS.Engine.Bencoding;

/// <summary>A list of bencoded data. It is a type of its own so that it can be shown such that no text in it steers a terminal.</summary>
internal sealed class BencodeList : List<object>;
