using System.ComponentModel;
using System.Management.Automation;

namespace TorrentPS.Commands;

/// <summary>A cmdlet that processes torrents: those passed to it, or those it reads from files and addresses.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public abstract class TorrentInfoCommand : TorrentFileCommand
{
    private protected const string InputObjectSet = "InputObject";

    private protected TorrentInfoCommand()
    {
    }

    /// <summary><para type="description">Torrents from Get-TorrentInfo.</para></summary>
    [Parameter(Mandatory = true, ParameterSetName = InputObjectSet, ValueFromPipeline = true,
        HelpMessage = "Torrents from Get-TorrentInfo.")]
    [ValidateNotNullOrEmpty]
    public TorrentInfo[] InputObject { get; set; } = [];

    private protected override IEnumerable<TorrentInput> Inputs() =>
        ParameterSetName == InputObjectSet ? InputObject.Select(torrent => new TorrentInput.Ready(torrent)) : base.Inputs();
}
