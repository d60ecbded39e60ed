using System.Management.Automation;

namespace TorrentPS.Commands;

/// <summary>
/// <para type="synopsis">Shows the contents of torrents and magnet links.</para>
/// <para type="description">Reads .torrent files and writes their names, info hashes, files, trackers and other properties as objects.</para>
/// </summary>
[Cmdlet(VerbsCommon.Get, "TorrentInfo", DefaultParameterSetName = PathSet)]
[OutputType(typeof(TorrentInfo))]
public sealed class GetTorrentInfoCommand : TorrentFileCommand
{
    private protected override void ProcessTorrent(TorrentInfo torrent) => WriteObject(torrent);
}
