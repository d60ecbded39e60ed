using System.ComponentModel;
using System.Management.Automation;
using TorrentPS.Engine.Display;

namespace TorrentPS.Commands;

/// <summary>
/// A cmdlet of this module. All its text for people passes through here: names, failure reasons and paths come from outside, and must not control a terminal (<see
/// cref="SafeText"/>). Error records are created in one place, too (<see cref="Formatting.ErrorRecords"/>).
/// </summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public abstract class ModuleCommand : PSCmdlet
{
    private protected ModuleCommand()
    {
    }

    private protected new void WriteWarning(string text) => base.WriteWarning(SafeText.Escape(text));

    private protected new void WriteVerbose(string text) => base.WriteVerbose(SafeText.Escape(text));

    // Its text is safe since it was created (Formatting.ProgressText).
    private protected new void WriteProgress(ProgressRecord record) => base.WriteProgress(record);

    private protected new bool ShouldProcess(string target, string action) => base.ShouldProcess(SafeText.Escape(target), SafeText.Escape(action));
}
