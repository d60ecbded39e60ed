namespace TorrentPS.Engine.Bencoding;

/// <summary>A list of bencoded data. The separate type allows views to show its texts safely.</summary>
internal sealed class BencodeList : List<object>;
