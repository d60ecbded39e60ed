#Requires -Version 7.6
<#
.SYNOPSIS
Runs the Pester tests of the module in out/TorrentPS.
.DESCRIPTION
Ends with 0 when every test passed, with 1 when one failed, and with 2 when there was none.
#>
[CmdletBinding()]
param(
    # Test files or folders; by default all of this folder.
    [string[]] $Path = $PSScriptRoot,
    # An NUnit XML file for the results.
    [string] $ResultPath,
    # Lists only failed tests.
    [switch] $Brief
)

$ErrorActionPreference = 'Stop'
Import-Module Pester -MinimumVersion 6.0 -MaximumVersion 6.99

# No test contacts the network around it.
[AppContext]::SetSwitch('TorrentPS.DisableLocalDiscovery', $true)

$configuration = New-PesterConfiguration
$configuration.Run.Path = $Path
$configuration.Run.PassThru = $true
$configuration.Output.Verbosity = if ($Brief) { 'None' } else { 'Detailed' }
if ($ResultPath) {
    $configuration.TestResult.Enabled = $true
    $configuration.TestResult.OutputPath = $ResultPath
}

$result = Invoke-Pester -Configuration $configuration
foreach ($test in $result.Failed) {
    "FAILED $($test.ExpandedPath)"
    $test.ErrorRecord | ForEach-Object { "  $($_.DisplayErrorMessage)"; "  $($_.DisplayStackTrace)" }
}
foreach ($container in $result.FailedContainers) {
    "FAILED $($container.Item)"
    $container.ErrorRecord | ForEach-Object { "  $_" }
}
foreach ($block in $result.FailedBlocks) {
    "FAILED $($block.ExpandedPath) (set-up or tear-down)"
    $block.ErrorRecord | ForEach-Object { "  $_" }
}
"$($result.PassedCount) passed, $($result.FailedCount) failed, $($result.SkippedCount) skipped"
exit $(if ($result.Result -ne 'Passed') { 1 } elseif ($result.TotalCount -eq 0) { 2 } else { 0 })
